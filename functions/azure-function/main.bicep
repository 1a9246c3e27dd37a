metadata description = 'WeftKit\'s WKP-1 function: a container for engines\' state, a secret that signs, and a function app. deploy.sh uses it.'

@description('Names what is made, with a suffix that makes it unique.')
@minLength(3)
@maxLength(16)
param name string = 'weftkit-state'

param location string = resourceGroup().location

@description('Signs the requests of engines, 16 characters or more; empty where it is in the vault already.')
@secure()
param secret string = ''

@description('The secret before it, valid as well while engines change theirs.')
@secure()
param previousSecret string = ''

@description('How long an engine\'s lease holds; engines renew it six times in that time, which is most of what this costs.')
@minValue(2)
@maxValue(600)
param leaseSeconds int = 60

@description('How long what was deleted or replaced can still be restored in the container.')
@minValue(1)
@maxValue(365)
param keepDeletedDays int = 7

@allowed(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
param logLevel string = 'info'

@description('Changes with every deployment, so that the app reads the secrets anew.')
param deployedAt string = utcNow()

var suffix = uniqueString(resourceGroup().id, name)
var roles = {
  // Reads, writes and deletes blobs.
  storageBlobDataContributor: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'ba92f5b4-2d11-453d-a403-e96b0029c9fe')
  // The host's own leases and keys, in an account of its own.
  storageBlobDataOwner: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b')
  keyVaultSecretsUser: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '4633458b-17de-408a-b874-0445c86b69e6')
}

var vaultName = 'wkp-${suffix}'
var previousSetting = empty(previousSecret) ? {} : {
  WKP_SECRET_PREVIOUS: '@Microsoft.KeyVault(VaultName=${vaultName};SecretName=persist-secret-previous)'
}

// State, and nothing else: the function app's own files are in another account.
resource stateAccount 'Microsoft.Storage/storageAccounts@2023-05-01' = {
  name: 'wkps${suffix}'
  location: location
  sku: { name: 'Standard_LRS' }
  kind: 'StorageV2'
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowSharedKeyAccess: false
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
  }

  resource blobs 'blobServices' = {
    name: 'default'
    properties: {
      // Nothing current ever expires: engines delete what is not needed any more.
      deleteRetentionPolicy: { enabled: true, days: keepDeletedDays }
      containerDeleteRetentionPolicy: { enabled: true, days: keepDeletedDays }
    }

    resource state 'containers' = {
      name: 'state'
    }
  }
}

resource hostAccount 'Microsoft.Storage/storageAccounts@2023-05-01' = {
  name: 'wkph${suffix}'
  location: location
  sku: { name: 'Standard_LRS' }
  kind: 'StorageV2'
  properties: {
    allowBlobPublicAccess: false
    allowSharedKeyAccess: false
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
  }

  resource blobs 'blobServices' = {
    name: 'default'

    resource package 'containers' = {
      name: 'package'
    }
  }
}

resource vault 'Microsoft.KeyVault/vaults@2023-07-01' = {
  name: vaultName
  location: location
  properties: {
    tenantId: subscription().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enableSoftDelete: true
  }

  resource current 'secrets' = if (!empty(secret)) {
    name: 'persist-secret'
    properties: { value: secret }
  }

  resource previous 'secrets' = if (!empty(previousSecret)) {
    name: 'persist-secret-previous'
    properties: { value: previousSecret }
  }
}

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: '${name}-${suffix}'
  location: location
  kind: 'functionapp'
  sku: { tier: 'FlexConsumption', name: 'FC1' }
  properties: { reserved: true }
}

resource app 'Microsoft.Web/sites@2024-04-01' = {
  name: '${name}-${suffix}'
  location: location
  kind: 'functionapp,linux'
  identity: { type: 'SystemAssigned' }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    siteConfig: {
      minTlsVersion: '1.2'
    }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${hostAccount.properties.primaryEndpoints.blob}package'
          authentication: { type: 'SystemAssignedIdentity' }
        }
      }
      runtime: { name: 'node', version: '22' }
      scaleAndConcurrency: {
        instanceMemoryMB: 512
        maximumInstanceCount: 40
        triggers: { http: { perInstanceConcurrency: 16 } }
      }
    }
  }

  resource settings 'config' = {
    name: 'appsettings'
    properties: union(previousSetting, {
      AzureWebJobsStorage__accountName: hostAccount.name
      WKP_STORE: '${stateAccount.properties.primaryEndpoints.blob}state'
      WKP_SECRET: '@Microsoft.KeyVault(VaultName=${vault.name};SecretName=persist-secret)'
      WKP_LEASE_SECONDS: string(leaseSeconds)
      WKP_LOG_LEVEL: logLevel
      WKP_DEPLOYED_AT: deployedAt
    })
    dependsOn: [vault::current, mayReadSecret, mayKeepState, mayRunHost]
  }
}

// What the function may do, and nothing else.
resource mayKeepState 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(app.id, 'state')
  scope: stateAccount::blobs::state
  properties: {
    principalId: app.identity.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: roles.storageBlobDataContributor
  }
}

resource mayReadSecret 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(app.id, 'secret')
  scope: vault
  properties: {
    principalId: app.identity.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: roles.keyVaultSecretsUser
  }
}

resource mayRunHost 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(app.id, 'host')
  scope: hostAccount
  properties: {
    principalId: app.identity.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: roles.storageBlobDataOwner
  }
}

output persistUrl string = 'https://${app.properties.defaultHostName}'
output appName string = app.name
output vaultName string = vault.name
output stateAccountName string = stateAccount.name
